"""Who may see and do what: nobody by default, members by their role."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.db import IntegrityError, transaction

from annotations import members
from annotations.errors import NotAllowed
from annotations.models import Membership, Project, Role
from tests.annotations.rows import client_of, json_of, make_member


@pytest.mark.parametrize("role", list(Role))
def test_role_allows_what_is_up_to_it(project: Project, role: Role) -> None:
    user = make_member(project, "beto", role)
    assert [members.may_see(user, project.pk, asked) for asked in Role] == [
        asked <= role for asked in Role
    ]
    assert members.visible(user).get() == project


def test_nobody_and_outsiders_see_nothing(project: Project) -> None:
    outsider, nobody = User.objects.create_user("eve"), AnonymousUser()
    for user in (outsider, nobody):
        assert not members.may_see(user, project.pk) and not members.visible(user).exists()
        with pytest.raises(NotAllowed, match="viewer"):
            members.require(user, project.pk, Role.VIEWER)


def test_administrator_sees_all_that_exists(project: Project) -> None:
    root = User.objects.create_superuser("root")
    assert members.may_see(root, project.pk, Role.MANAGER)
    assert not members.may_see(root, project.pk + 99)
    assert members.visible(root).get() == project


def test_joining_again_changes_the_role(project: Project) -> None:
    user = make_member(project, "beto", Role.MANAGER)
    members.join(project, user, Role.VIEWER)
    assert Membership.objects.get(user=user).role == Role.VIEWER
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(project=project, user=user)


def test_members_through_the_api(api: Any, project: Project) -> None:
    User.objects.create_user("beto")
    given = {"project": project.pk, "username": "beto", "role": 2}
    status, row = json_of(api, "post", "members/", given)
    assert (status, row["username"], row["role"]) == (201, "beto", 2)
    assert json_of(api, "post", "members/", given)[0] == 400
    assert json_of(api, "post", "members/", {**given, "username": "nobody"})[0] == 400
    assert json_of(api, "patch", f"members/{row['id']}/", {"role": 3})[1]["role"] == 3
    assert json_of(api, "patch", f"members/{row['id']}/", {"role": 9})[0] == 400
    assert json_of(api, "delete", f"members/{row['id']}/")[0] == 204


def test_last_manager_stays(api: Any, project: Project, user: Any) -> None:
    mine = Membership.objects.get(user=user)
    for method, body in (("patch", {"role": 1}), ("delete", None)):
        status, refusal = json_of(api, method, f"members/{mine.pk}/", body)
        assert (status, refusal["code"]) == (409, "LastManager")
    make_member(project, "caro", Role.MANAGER)
    assert json_of(api, "delete", f"members/{mine.pk}/")[0] == 204


def test_membership_stays_with_its_person_and_project(
    api: Any, project: Project, user: Any
) -> None:
    from annotations import projects

    make_member(project, "beto")
    row = Membership.objects.get(user__username="beto")
    other = projects.create("Other", by=user)
    json_of(api, "patch", f"members/{row.pk}/", {"project": other.pk, "username": "ana"})
    row.refresh_from_db()
    assert (row.project, row.user.username) == (project, "beto")


def test_manager_of_one_project_rules_no_other(project: Project) -> None:
    from annotations import projects

    beto = User.objects.create_user("beto")
    projects.create("Beto's", by=beto)
    given = {"project": project.pk, "username": "beto", "role": 4}
    assert json_of(client_of(beto), "post", "members/", given)[0] in (400, 403, 404)
    assert not Membership.objects.filter(project=project, user=beto).exists()

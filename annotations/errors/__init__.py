"""What the left half of the line refuses, in words; one file per step."""

from annotations.errors.archives import *
from annotations.errors.cameras import *
from annotations.errors.datasets import *
from annotations.errors.deletion import *
from annotations.errors.entries import *
from annotations.errors.formats import *
from annotations.errors.frames import *
from annotations.errors.imports import *
from annotations.errors.labelling import *
from annotations.errors.passages import *
from annotations.errors.pictures import *
from annotations.errors.uploads import *
from annotations.errors.videos import *
from lprsite.errors import Refused as Refused

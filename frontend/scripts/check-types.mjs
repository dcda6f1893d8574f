// Fails when src/api/schema.d.ts is not what `npm run types` would write.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "schema-"));
const fresh = join(folder, "schema.d.ts");
const made = spawnSync("npx", ["--no-install", "openapi-typescript", "src/api/schema.yml", "-o", fresh], {
  stdio: "inherit",
});
const same = made.status === 0 && readFileSync(fresh, "utf8") === readFileSync("src/api/schema.d.ts", "utf8");
rmSync(folder, { recursive: true });
if (!same) {
  console.error("src/api/schema.d.ts does not match src/api/schema.yml. Run `npm run types` and commit the result.");
  process.exit(1);
}

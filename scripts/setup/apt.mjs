/** Installing a system package on Debian and Ubuntu, where we may. */
import { existsSync } from "node:fs";
import { execute } from "../run/spawn.mjs";

/** Whether this is a system with apt, and we are its administrator. */
export function canApt() {
  return process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");
}

/**
 * Installs a package; does nothing where that is not possible.
 * @param {string} name
 * @returns {Promise<boolean>} whether it was installed
 */
export async function aptInstall(name) {
  if (!canApt()) return false;
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const install = () => execute("apt-get", ["install", "-y", "--no-install-recommends", name], { quiet: true, env });
  if ((await install()).code === 0) return true;
  await execute("apt-get", ["update"], { quiet: true, env });
  return (await install()).code === 0;
}

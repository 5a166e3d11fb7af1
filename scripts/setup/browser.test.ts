import { describe, expect, it } from "vitest";
import { findInstalled, installedPlaces } from "./browser.mjs";

function machine(files: string[], env: Record<string, string> = {}, platform: NodeJS.Platform = "linux") {
  return { platform, env, home: "/home/anna", exists: (path: string) => files.includes(path) };
}

describe("finding a browser", () => {
  it("prefers the one that MICROGRID_CHROMIUM names", () => {
    const env = { MICROGRID_CHROMIUM: "/opt/mine", PATH: "/usr/bin" };
    expect(findInstalled(machine(["/opt/mine", "/usr/bin/chromium"], env))).toBe("/opt/mine");
  });

  it("reports a named browser that does not exist, instead of choosing another", () => {
    const env = { MICROGRID_CHROMIUM: "/opt/mine", PATH: "/usr/bin" };
    expect(() => findInstalled(machine(["/usr/bin/chromium"], env))).toThrow("/opt/mine");
  });

  it("prefers Chromium to Chrome to Edge, wherever they are in the PATH", () => {
    const env = { PATH: "/a:/b" };
    const all = ["/a/microsoft-edge", "/a/google-chrome", "/b/chromium"];
    expect(findInstalled(machine(all, env))).toBe("/b/chromium");
    expect(findInstalled(machine(all.slice(0, 2), env))).toBe("/a/google-chrome");
    expect(findInstalled(machine(all.slice(0, 1), env))).toBe("/a/microsoft-edge");
    expect(findInstalled(machine([], env))).toBeUndefined();
  });

  it("searches the applications of macOS, including the user's own", () => {
    const own = "/home/anna/Applications/Chromium.app/Contents/MacOS/Chromium";
    expect(findInstalled(machine([own], {}, "darwin"))).toBe(own);
  });

  it("searches the program folders of Windows that are set", () => {
    const places = installedPlaces(machine([], { LOCALAPPDATA: "/local" }, "win32"));
    expect(places).toContain("/local/Google/Chrome/Application/chrome.exe");
    expect(places.every((place) => place.startsWith("/local/"))).toBe(true);
  });
});

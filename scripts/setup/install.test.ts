import { describe, expect, it } from "vitest";
import { checkNode, satisfies } from "./install.mjs";

const wanted = {
  packages: {
    "": { version: "0.1.0" },
    "node_modules/a": { version: "1.0.0" },
    "node_modules/only-windows": { version: "2.0.0", optional: true },
  },
};

describe("satisfies", () => {
  it("is true when every package is installed, except those of other platforms", () => {
    expect(satisfies(wanted, { packages: { "node_modules/a": { version: "1.0.0" } } })).toBe(true);
  });

  it("is false when a package is missing or has another version", () => {
    expect(satisfies(wanted, { packages: {} })).toBe(false);
    expect(satisfies(wanted, { packages: { "node_modules/a": { version: "1.0.1" } } })).toBe(false);
  });
});

describe("checkNode", () => {
  it.each(["20.19.0", "20.20.2", "22.0.0"])("accepts %s", (version) => {
    expect(() => checkNode(version)).not.toThrow();
  });

  it.each(["18.20.0", "20.18.9"])("refuses %s and names the oldest version that works", (version) => {
    expect(() => checkNode(version)).toThrow("20.19");
  });
});

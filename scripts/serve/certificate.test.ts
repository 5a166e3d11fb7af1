import { X509Certificate } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { certificate, isUsable } from "./certificate.mjs";

const DAY_MS = 24 * 60 * 60 * 1000;

describe("certificate", () => {
  const path = join(mkdtempSync(join(tmpdir(), "microgrid-tls-")), "cache", "certificate.json");

  it("is for this machine's names and addresses, and is kept", async () => {
    const made = await certificate(path, ["192.0.2.2"]);
    const x509 = new X509Certificate(made.cert);
    expect(x509.checkHost("localhost")).toBe("localhost");
    expect(x509.checkIP("127.0.0.1")).toBe("127.0.0.1");
    expect(x509.checkIP("192.0.2.2")).toBe("192.0.2.2");
    expect(await certificate(path, ["192.0.2.2"])).toEqual(made);
  });

  it("is replaced when the machine has a new address", async () => {
    const before = await certificate(path, []);
    const after = await certificate(path, ["192.0.2.3"]);
    expect(after.cert).not.toBe(before.cert);
  });

  it("is replaced before it expires", () => {
    const kept = { key: "", cert: "", names: ["localhost"], notAfterMs: 100 * DAY_MS };
    expect(isUsable(kept, ["localhost"], 0)).toBe(true);
    expect(isUsable(kept, ["localhost"], 99 * DAY_MS)).toBe(false);
  });
});

import { describe, expect, test } from "vitest";
import { missingSecureContext } from "./secure-context";

const location = { protocol: "http:", host: "192.168.1.7:5180" };

describe("missingSecureContext", () => {
  test("says nothing on a secure page", () => {
    expect(missingSecureContext({ isSecureContext: true, location })).toBeUndefined();
  });

  test("names the address, what is missing and what to do on a plain one", () => {
    const text = missingSecureContext({ isSecureContext: false, location });
    expect(text).toContain("http://192.168.1.7:5180");
    expect(text).toContain("WebGPU");
    expect(text).toContain("npm start -- --https");
  });
});

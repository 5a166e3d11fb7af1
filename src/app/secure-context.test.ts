import { describe, expect, test } from "vitest";
import { missingSecureContext } from "./secure-context";

const location = { protocol: "http:", host: "192.168.1.7:5180" };

describe("missingSecureContext", () => {
  test("is silent on a secure page", () => {
    expect(missingSecureContext({ isSecureContext: true, location })).toBeUndefined();
  });

  test("names the address, the missing features and the remedy on an insecure page", () => {
    const text = missingSecureContext({ isSecureContext: false, location });
    expect(text).toContain("http://192.168.1.7:5180");
    expect(text).toContain("WebGPU");
    expect(text).toContain("npm start -- --https");
  });
});

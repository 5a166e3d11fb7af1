import { describe, expect, it } from "vitest";
import { originsOf, portOf, startOptions } from "./options.mjs";

describe("startOptions", () => {
  it("serves on this machine alone by default, with signaling on the next port", () => {
    const expected = { host: "localhost", port: 5180, signalPort: 5181, origins: "", open: false, https: false };
    expect(startOptions([], {})).toEqual(expected);
  });

  it("moves signaling along with the site unless it has a port of its own", () => {
    expect(startOptions([], { PORT: "8000" }).signalPort).toBe(8001);
    expect(startOptions([], { PORT: "8000", SIGNAL_PORT: "9000" }).signalPort).toBe(9000);
    expect(startOptions([], { PORT: "0" }).signalPort).toBe(0);
    expect(startOptions([], { PORT: "65535" }).signalPort).toBe(0);
  });

  it("serves other devices over TLS, unless a host is named", () => {
    expect(startOptions(["--https"], {}).host).toBe("0.0.0.0");
    expect(startOptions(["--https"], { HOST: "localhost" }).host).toBe("localhost");
  });

  it("refuses one port for both, and flags that it does not know", () => {
    expect(() => startOptions([], { PORT: "8000", SIGNAL_PORT: "8000" })).toThrow("8000");
    expect(() => startOptions(["--opne"], {})).toThrow("--opne");
    expect(() => startOptions(["stray"], {})).toThrow("stray");
  });
});

describe("originsOf", () => {
  it("takes several, or any, and refuses by name a text that is no origin", () => {
    expect(originsOf({ SIGNAL_ORIGINS: " https://a.example  http://b.example:8080 " })).toBe(
      "https://a.example http://b.example:8080",
    );
    expect(originsOf({ SIGNAL_ORIGINS: "*" })).toBe("*");
    expect(() => originsOf({ SIGNAL_ORIGINS: "a.example" })).toThrow("a.example");
    expect(() => originsOf({ SIGNAL_ORIGINS: "https://a.example/" })).toThrow("https://a.example/");
  });
});

describe("portOf", () => {
  it.each(["-1", "65536", "80.5", "http", " x"])("refuses %j by name", (value) => {
    expect(() => portOf("PORT", value, 1)).toThrow(`PORT is "${value}"`);
  });

  it("treats an empty variable as one that is not set", () => {
    expect(portOf("PORT", "", 5180)).toBe(5180);
  });
});

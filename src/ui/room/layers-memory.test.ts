import { expect, test } from "vitest";
import { fakeState } from "../testing/fixtures";
import { mostGigabytes, suggestedBytes } from "./layers-memory";

const { webgpu } = fakeState({ loading: false, notices: false, house: false }).device;

test("as much can be given as the device has, and more where the browser may not tell all", () => {
  expect(mostGigabytes({ memoryBytes: 4 * 2 ** 30, webgpu })).toBe(4);
  expect(mostGigabytes({ memoryBytes: 2 ** 28, webgpu })).toBe(1);
  expect(mostGigabytes({ memoryBytes: 8 * 2 ** 30, webgpu })).toBe(32);
  expect(mostGigabytes({ memoryBytes: undefined, webgpu })).toBe(32);
  expect(mostGigabytes({ memoryBytes: 8 * 2 ** 30, webgpu: undefined })).toBe(4);
});

test("at most half of the device is suggested, and less where there is no GPU", () => {
  expect(suggestedBytes({ memoryBytes: 8e9, webgpu })).toBe(4e9);
  expect(suggestedBytes({ memoryBytes: 8e9, webgpu: undefined })).toBe(2e9);
  expect(suggestedBytes({ memoryBytes: 2e9, webgpu })).toBe(1e9);
});

import { expect, test } from "vitest";
import { fakeState } from "../testing/fixtures";
import { mostGigabytes } from "./layers-memory";

const { webgpu } = fakeState({ loading: false, notices: false, house: false }).device;

test("a user can give as much memory as the device has, and more if the browser may understate it", () => {
  expect(mostGigabytes({ memoryBytes: 4 * 2 ** 30, webgpu })).toBe(4);
  expect(mostGigabytes({ memoryBytes: 2 ** 28, webgpu })).toBe(1);
  expect(mostGigabytes({ memoryBytes: 8 * 2 ** 30, webgpu })).toBe(32);
  expect(mostGigabytes({ memoryBytes: undefined, webgpu })).toBe(32);
  expect(mostGigabytes({ memoryBytes: 8 * 2 ** 30, webgpu: undefined })).toBe(4);
});

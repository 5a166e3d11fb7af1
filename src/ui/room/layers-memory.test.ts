import { expect, test } from "vitest";
import { fakeState } from "../testing/fixtures";
import { mostBytes } from "./layers-memory";

const { webgpu } = fakeState({ loading: false, notices: false, house: false }).device;

test("a user can give as much memory as the device has, and more if the browser may understate it", () => {
  expect(mostBytes({ memoryBytes: 4 * 2 ** 30, webgpu })).toBe(4e9);
  expect(mostBytes({ memoryBytes: 2 ** 28, webgpu })).toBe(1e9);
  expect(mostBytes({ memoryBytes: 8 * 2 ** 30, webgpu })).toBe(32e9);
  expect(mostBytes({ memoryBytes: undefined, webgpu })).toBe(32e9);
  expect(mostBytes({ memoryBytes: 8 * 2 ** 30, webgpu: undefined })).toBe(4e9);
});

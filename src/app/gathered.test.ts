import { describe, expect, it } from "vitest";
import { utf8 } from "../core";
import { gathered } from "./gathered";

type Bytes = Uint8Array<ArrayBuffer>;

function body() {
  let controller!: ReadableStreamDefaultController<Bytes>;
  const left: unknown[] = [];
  const stream = new ReadableStream<Bytes>({
    start: (given) => (controller = given),
    cancel: (reason) => void left.push(reason),
  });
  const pieces = gathered(stream);
  const next = async (): Promise<string | undefined> => {
    const { value } = await pieces.next();
    return value ? new TextDecoder().decode(value) : undefined;
  };
  const write = (...texts: readonly string[]): void => texts.forEach((text) => controller.enqueue(utf8(text)));
  return { controller, pieces, next, write, left };
}

describe("a gathered body", () => {
  it("has one piece for all that comes at once, also where its writer goes on by promises", async () => {
    const { controller, next, write } = body();
    write("a", "b");
    expect(await next()).toBe("ab");
    const coming = next();
    write("c");
    await Promise.resolve().then(() => undefined);
    write("d");
    expect(await coming).toBe("cd");
    write("e");
    controller.close();
    expect([await next(), await next()]).toEqual(["e", undefined]);
  });

  it("begins with what is there, even if that is nothing, and waits for the rest", async () => {
    const { next, write, controller } = body();
    expect(await next()).toBe("");
    const coming = next();
    write("late");
    expect(await coming).toBe("late");
    controller.close();
    expect(await next()).toBeUndefined();
  });

  it("fails as the body does, and is cancelled with it", async () => {
    const broken = body();
    broken.controller.error(new Error("gone"));
    await expect(broken.next()).rejects.toThrow("gone");
    const left = body();
    left.write("a");
    await left.next();
    await left.pieces.return();
    expect(left.left).toHaveLength(1);
  });
});

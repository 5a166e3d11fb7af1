/** The names by which a room knows the models of its members. */
import { describe, expect, it } from "vitest";
import { allowsModel, isSameModel, publicModel, publicTitle } from "./public-model";

const SECRET = "https://10.0.0.7:8080/key-5ecret/models/SmolLM2-135M/";

describe("a model's public id", () => {
  it.each(["guide", "onnx-community/Qwen3-0.6B-ONNX", "owner/name@main:q4", "Llama-3.2-1B-Instruct-q4f16_1-MLC"])(
    "is its own: %s",
    (id) => expect(publicModel(id)).toBe(id),
  );

  it("tells nothing of an address but the name of its model, and is the same on all devices", () => {
    const id = publicModel(SECRET);
    expect(id).toMatch(/^own\/SmolLM2-135M\/[0-9a-f]{16}$/);
    expect(publicModel(id)).toBe(id);
    expect(publicModel(SECRET)).toBe(id);
    expect(publicModel(SECRET.replace("5ecret", "6ecret"))).not.toBe(id);
    expect(publicModel("https://host.example/me/SmolLM2-135M/resolve/main/")).toMatch(/^own\/SmolLM2-135M\//);
    expect(publicModel("https://host.example/")).toMatch(/^own\/model\//);
  });

  it("tells nothing of a folder on the user's disk, nor does its title", () => {
    const id = "files/Ada's divorce/a1b2c3d4";
    expect(publicModel(id)).toMatch(/^own\/model\/[0-9a-f]{16}$/);
    expect(publicTitle(id, "Ada's divorce")).toBe("A model from a folder");
    expect(publicTitle(SECRET, "SmolLM2-135M")).toBe("SmolLM2-135M");
  });

  it("means the same model as its id, here and in charters", () => {
    expect(isSameModel(publicModel(SECRET), SECRET)).toBe(true);
    expect(isSameModel(publicModel(SECRET), `${SECRET}other/`)).toBe(false);
    expect(allowsModel({ models: [SECRET] }, publicModel(SECRET))).toBe(true);
    expect(allowsModel({ models: ["guide"] }, publicModel(SECRET))).toBe(false);
    expect(allowsModel({ models: "any" }, publicModel(SECRET))).toBe(true);
  });
});

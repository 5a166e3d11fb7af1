/** The `onnx` engine. */
export { OnnxEngine } from "./engine";

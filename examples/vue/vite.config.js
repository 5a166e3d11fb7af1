import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

// Vue takes unknown names for components of its own, unless it is told that they are elements.
const compilerOptions = { isCustomElement: (name) => name.startsWith("microgrid-") };

export default defineConfig({ base: "./", plugins: [vue({ template: { compilerOptions } })] });

/** The module that `scripts/vite-webllm-catalog.ts` adds to the build. */
declare module "virtual:webllm-catalog" {
  /** The library's `prebuiltAppConfig.model_list`; parsed before use. */
  export const models: readonly unknown[];
}

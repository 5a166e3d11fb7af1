/** The responses API, in OpenAI's shapes. */
import type { Response as ResponseBody, ResponseStreamEvent } from "openai/resources/responses/responses";
import type { TextApi } from "../text-api";
import { responseEvents, wholeResponse } from "./reply";
import { type ResponseRequest, readResponseRequest } from "./request";

/** OpenAI's responses API. */
export const RESPONSES: TextApi<ResponseRequest, ResponseStreamEvent, Omit<ResponseBody, "access_programs">> = {
  read: readResponseRequest,
  chunks: responseEvents,
  whole: wholeResponse,
};

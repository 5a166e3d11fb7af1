/** Asking a server over the network whether it really answers. */
import { get } from "node:http";
import { get as getTls } from "node:https";
import { CommandError } from "../run/message.mjs";

const ANSWER_MAX_MS = 10_000;

/**
 * Resolves when `url` answers 200.
 * @param {string} url
 * @param {string | undefined} ca The certificate to trust, PEM.
 * @returns {Promise<void>}
 */
export function answers(url, ca) {
  return new Promise((resolve, reject) => {
    const request = (url.startsWith("https:") ? getTls : get)(url, { ca, agent: false, timeout: ANSWER_MAX_MS });
    request.once("response", (response) => {
      response.resume();
      if (response.statusCode === 200) resolve();
      else reject(new CommandError(`${url} answers with status ${response.statusCode}, which it should not.`));
    });
    request.once("timeout", () => request.destroy(new Error("no answer")));
    request.once("error", (error) => reject(new CommandError(`${url} does not answer (${error.message}).`)));
  });
}

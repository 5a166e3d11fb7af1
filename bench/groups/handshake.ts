/** Measures the time that the handshake adds to a bare connection, with computing and without round trips. */
import { serveBarePage } from "../../e2e/harness/bare-pages";
import type { Group } from "../group";
import { pairedDifference, pairedRatio, spread } from "../statistics";

const ROUNDS = 25;

export const handshake: Group = async ({ stage, times }) => {
  const site = await serveBarePage("room-page");
  const context = await (await stage.browser()).newContext();
  try {
    const page = await context.newPage();
    await page.goto(site.url);
    await page.waitForFunction(() => "room" in window);
    const samples: { roundTripMs: number; handshakeMs: number }[] = [];
    for (let round = -1; round < times(ROUNDS); round++) {
      const sample = await page.evaluate(() => window.room.shakeHands());
      if (round >= 0) samples.push(sample);
    }
    const whole = samples.map(({ handshakeMs }) => handshakeMs);
    const trips = samples.map(({ roundTripMs }) => roundTripMs);
    return [
      {
        name: "handshake, one round trip left out",
        unit: "ms",
        measured: pairedDifference(whole, trips),
        other: { name: "round trip", unit: "ms", value: spread(trips) },
        ratio: pairedRatio(whole, trips),
        target: { of: "median", at: "most", value: 5 },
        notes: [
          "Both nodes are in one page and compute on one thread, one after the other: two nodes need half of it each. The " +
            "ratio is that of the whole handshake to the bare round trip of 64 bytes on the same line just before.",
        ],
      },
    ];
  } finally {
    await context.close();
    await site.close();
  }
};

/** The acceptance suite of transports, over the two stand-ins for a network: in memory, and simulated. */
import { describe, it } from "vitest";
import { MemorySignaling } from "../wire/testing/memory-transport";
import { CONNECTIONS } from "../wire/testing/transports/connections";
import { LINKS, welcomeAll } from "../wire/testing/transports/links";
import type { Devices } from "../wire/testing/transports/suite";
import { seededRandom } from "./testing/simulation/chance";
import { VirtualClock } from "./testing/simulation/clock";
import { Network } from "./testing/simulation/network";

function inMemory(): Devices {
  const signaling = new MemorySignaling();
  return {
    near: signaling,
    far: signaling,
    doomed: async () => ({
      id: await welcomeAll(signaling),
      kill: async () => {
        for (const link of signaling.links) for (const channel of link.channels) channel.tamper = () => undefined;
      },
    }),
    endServer: async () => signaling.goDown(),
  };
}

function simulated(): Devices {
  const network = new Network(seededRandom(1));
  return {
    near: network.transport(network.host()),
    far: network.transport(network.host()),
    doomed: async () => {
      const host = network.host();
      return { id: await welcomeAll(network.transport(host)), kill: async () => network.unplug(host) };
    },
    endServer: async () => network.stopServer(),
  };
}

for (const [name, devices] of Object.entries({ "in memory": inMemory, "over a simulated network": simulated })) {
  describe(`a transport ${name}`, () => {
    for (const [title, scenario] of Object.entries({ ...CONNECTIONS, ...LINKS })) {
      it(title, async () => {
        const clock = new VirtualClock();
        const restore = clock.install(seededRandom(1));
        try {
          await clock.passWhile(scenario(devices()));
        } finally {
          restore();
        }
      });
    }
  });
}

/** The WebRTC connections that a page makes. */

/** Runs in the page, before its scripts: keeps every connection in `window.made`. */
export function keepConnections(): void {
  const made: RTCPeerConnection[] = [];
  const Original = RTCPeerConnection;
  window.RTCPeerConnection = class extends Original {
    constructor(...args: [RTCConfiguration?]) {
      super(...args);
      made.push(this);
    }
  };
  Object.assign(window, { made });
}

/** The page: sidebar, header, chat, panels and dialogs. Parts that are not visible at once are loaded later. */
import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { quotedName } from "../../core";
import "../chat/chat-view";
import { backCloses } from "../back";
import { MicrogridElement } from "../element";
import { icon, alertIcon, retryIcon } from "../icons";
import { isComposing } from "../keys";
import { tellApart } from "../people/avatar";
import { go, readRoute } from "../routes";
import "../sidebar/sidebar";
import type { InviteAnswer } from "../room/join-dialog";
import type { Sidebar } from "../sidebar/sidebar";
import { LazyPart } from "../lazy-part";
import { WorkspaceController } from "../state/controller";
import { SiteVersion } from "../state/site-version";
import type { Panel, Workspace } from "../state/workspace";
import { appStyles } from "./app-styles";
import { FocusKeeper } from "./focus-keeper";
import "./header";
import { isNarrow } from "./narrow";
import "./version-bar";

/** `<microgrid-app .grid>`: paints its frame at once, and becomes usable when it is given a grid. */
@customElement("microgrid-app")
export class MicrogridApp extends MicrogridElement {
  static override readonly styles = appStyles;

  /** The state of the page over the running node; undefined while that starts. */
  @property({ attribute: false }) workspace: Workspace | undefined;
  /** News about the version of the page. */
  readonly version = new SiteVersion();
  /** Why the grid could not start, as a sentence for the user; empty if it did not fail. */
  @property() failure = "";
  @state() private drawer = false;
  /** The invite in the address, until the user has answered it. */
  @state() private invite: string | undefined;
  @query("mg-sidebar") private readonly sidebar!: Sidebar;
  #focusedPanel: Panel;
  readonly #drawerLayer = {};
  readonly #panelLayer = {};

  constructor() {
    super();
    new WorkspaceController(this);
    new FocusKeeper(this, () => this.workspace?.focusComposer());
  }

  override connectedCallback(): void {
    super.connectedCallback();
    backCloses.connect();
    addEventListener("hashchange", this.#route);
    addEventListener("keydown", this.#keydown);
    document.addEventListener("visibilitychange", this.#shown);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    backCloses.disconnect();
    removeEventListener("hashchange", this.#route);
    removeEventListener("keydown", this.#keydown);
    document.removeEventListener("visibilitychange", this.#shown);
    this.workspace?.close();
  }

  protected override willUpdate(changed: PropertyValues): void {
    const { node, room } = this.workspace?.grid.state ?? {};
    if (node) tellApart([node.did, ...(room?.peers ?? []).map(({ did }) => did)]);
    if (!changed.has("workspace") || !this.workspace) return;
    this.#route();
    // With an invite the room may answer instead of a local model, so load nothing before the user has decided.
    if (this.invite === undefined) this.workspace.start.begin();
  }

  protected override updated(_changed: PropertyValues): void {
    const title = this.#knock() ?? this.workspace?.chats.current?.title;
    this.#focusPanel();
    backCloses.set(this.#drawerLayer, this.drawer ? this.#closeDrawer : undefined);
    const covered = this.workspace?.panel !== undefined && matchMedia(PANEL_COVERS).matches;
    backCloses.set(this.#panelLayer, covered ? this.#closePanel : undefined);
    document.title = title === undefined ? "Microgrid" : `${title} · Microgrid`;
  }

  protected override render(): TemplateResult {
    const { workspace } = this;
    return html`
      <aside class="sidebar ${this.drawer ? "open" : ""}" aria-label="Sidebar" ?inert=${this.#drawerHidden()}>
        <button class="button skip" @click=${() => workspace?.focusComposer()}>Skip to the message field</button>
        <mg-sidebar .workspace=${workspace} @mg-done=${() => (this.drawer = false)}></mg-sidebar>
      </aside>
      ${this.drawer ? html`<div class="scrim" @click=${() => (this.drawer = false)}></div>` : nothing}
      <main>
        <mg-header
          .workspace=${workspace}
          ?failed=${this.failure !== ""}
          @mg-menu=${() => (this.drawer = true)}
        ></mg-header>
        <mg-version .version=${this.version} .workspace=${workspace}></mg-version>
        <mg-notices .workspace=${workspace}></mg-notices>
        ${this.failure === "" ? html`<mg-chat .workspace=${workspace}></mg-chat>` : this.#failed()}
      </main>
      ${this.#panel()} ${this.#dialogs()}
      <mg-toasts .workspace=${workspace}></mg-toasts>
    `;
  }

  #failed(): TemplateResult {
    return html`<div class="failure" role="alert">
      ${icon(alertIcon, 32)}
      <h1>Microgrid cannot start here</h1>
      <p>${this.failure}</p>
      <button class="button" @click=${() => location.reload()}>${icon(retryIcon, 16)} Try again</button>
    </div>`;
  }

  #panel(): TemplateResult | typeof nothing {
    const { workspace } = this;
    switch (workspace?.panel) {
      case "room":
        parts.room.want();
        return html`<aside class="panel" tabindex="-1" aria-label="Room">
          <mg-room-panel .workspace=${workspace}></mg-room-panel>
        </aside>`;
      case "chat-settings":
        parts.settings.want();
        return html`<aside class="panel" tabindex="-1" aria-label="Chat settings">
          <mg-chat-settings .workspace=${workspace}></mg-chat-settings>
        </aside>`;
      default:
        return nothing;
    }
  }

  #dialogs(): TemplateResult {
    const { workspace } = this;
    if (workspace?.dialog === "models") parts.models.want();
    const settings = workspace?.dialog === "settings" || workspace?.dialog === "profile";
    if (settings) parts.settings.want();
    if (workspace?.dialog === "help") parts.help.want();
    if (workspace && this.invite !== undefined) parts.room.want();
    return html`
      ${workspace?.dialog === "models" ? html`<mg-model-dialog .workspace=${workspace}></mg-model-dialog>` : nothing}
      ${settings ? html`<mg-settings-dialog .workspace=${workspace}></mg-settings-dialog>` : nothing}
      ${workspace?.dialog === "help" ? html`<mg-help-dialog .workspace=${workspace}></mg-help-dialog>` : nothing}
      ${
        workspace && this.invite !== undefined
          ? html`<mg-join-dialog
              .workspace=${workspace}
              .invite=${this.invite}
              @mg-answered=${this.#answered}
            ></mg-join-dialog>`
          : nothing
      }
    `;
  }

  /** In a background tab, only the title can tell that somebody waits at the door. */
  #knock(): string | undefined {
    const [knock, ...more] = document.hidden ? (this.workspace?.grid.state.room?.knocks ?? []) : [];
    if (!knock) return undefined;
    return more.length > 0 ? `${more.length + 1} people ask to join` : `${quotedName(knock.name)} asks to join`;
  }

  // A keyboard user who opens a panel expects the focus inside it.
  #focusPanel(): void {
    const panel = this.workspace?.panel;
    if (panel !== undefined && panel !== this.#focusedPanel)
      this.renderRoot.querySelector<HTMLElement>(".panel")?.focus();
    this.#focusedPanel = panel;
  }

  #drawerHidden(): boolean {
    return !this.drawer && isNarrow();
  }

  readonly #route = (): void => {
    const { workspace } = this;
    if (!workspace) return;
    const route = readRoute(location.hash, location.href);
    if (route.view === "join") this.invite = route.invite;
    else {
      // Back leads away from an invite.
      if (this.invite !== undefined) workspace.start.begin();
      this.invite = undefined;
      void workspace.chats.select(route.conversation);
    }
  };

  // Removes the invite's secret from the address as soon as the user has answered.
  readonly #answered = ({ detail }: CustomEvent<InviteAnswer>): void => {
    this.invite = undefined;
    history.replaceState(undefined, "", "#/");
    this.#route();
    const { workspace } = this;
    // A guest who is inside came to ask something, so the panel must not cover the chat then.
    const covers = matchMedia(PANEL_COVERS).matches;
    if (detail === "waiting" || (detail === "inside" && !covers)) workspace?.show({ panel: "room" });
    else workspace?.focusComposer();
    workspace?.start.begin();
  };

  readonly #closeDrawer = (): boolean => {
    this.drawer = false;
    return true;
  };

  readonly #closePanel = (): boolean => {
    this.workspace?.closePanel();
    return true;
  };

  readonly #shown = (): void => this.requestUpdate();

  readonly #keydown = (event: KeyboardEvent): void => {
    const command = event.ctrlKey || event.metaKey;
    if (command && !event.shiftKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      this.drawer = isNarrow();
      void this.updateComplete.then(() => this.sidebar.focusSearch());
    } else if (command && event.shiftKey && event.key.toLowerCase() === "o") {
      event.preventDefault();
      go("#/");
      this.workspace?.focusComposer();
    } else if (event.key === "Escape" && !event.defaultPrevented && !isComposing(event)) this.#escape();
  };

  #escape(): void {
    const { workspace } = this;
    if (this.drawer) this.drawer = false;
    else if (workspace?.dialog !== undefined || this.invite !== undefined) return;
    else if (workspace?.chats.writing) {
      workspace.chats.stop();
    } else if (workspace?.panel !== undefined) {
      workspace.closePanel();
    }
  }
}

/** The elements of panels and dialogs. */
const parts = {
  room: new LazyPart(() => import("../room")),
  settings: new LazyPart(() => import("../settings")),
  models: new LazyPart(() => import("../models")),
  help: new LazyPart(() => import("../help")),
};

/** Widths at which a panel lies over the chat; the same as in the styles. */
const PANEL_COVERS = "(max-width: 1120px)";

declare global {
  interface HTMLElementTagNameMap {
    "microgrid-app": MicrogridApp;
  }
}

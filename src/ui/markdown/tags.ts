/** The HTML tags that a text may use, without attributes. */
export const BARE_TAGS = [
  ..."abbr b blockquote br code del details div em h1 h2 h3 h4 h5 h6 hr i ins kbd li mark ol p pre s small".split(" "),
  ..."span strong sub summary sup table tbody td th thead tr u ul".split(" "),
];

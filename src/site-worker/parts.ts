/** The part of the site's worker that pages need. */
export {
  type Alive,
  type ApiCall,
  type PageService,
  type ReplyHead,
  type ToWorker,
  PAGE_LOCK,
  isHello,
  pageLock,
} from "./protocol";

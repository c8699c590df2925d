/**
 * A reply token stands for the caller of a call whose handler does not answer yet: the handler keeps the token in its
 * state and returns it, and the actor answers later, from another handler (`gen_server:reply/2`). It is plain data, so
 * that the state that holds it stays plain data; it means something to the actor that made it only.
 */

declare const answer: unique symbol;

/** What `ctx.defer` gives. The type parameter is the type of the reply that the caller will get. */
export interface ReplyToken<Reply = unknown> {
  readonly type: 'reply-token';
  readonly id: number;
  /** Never there at run time: it carries the type. */
  readonly [answer]?: Reply;
}

/** What the caller gets of what a handler returns: a token stands for the reply to come. */
export type Answered<Returned> = Returned extends ReplyToken<infer Reply> ? Reply : Returned;

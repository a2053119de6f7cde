import { createHash } from 'node:crypto'

const DIGEST_CHARS = 21
const digest = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, DIGEST_CHARS)

/**
 * The id of a conversation that is to be begun. It follows from the command alone, as that of a room does; and it begins with the
 * desk, so that any edge knows where to send what is about it.
 */
export const conversationIdOf = (enter: { desk: string; from: string; cid: string }): string =>
  `${enter.desk}-${digest(`${enter.desk} ${enter.from} ${enter.cid}`)}`

/** The desk where a conversation began. It knows where the conversation is by now. */
export const deskOf = (conversation: string): string => conversation.slice(0, -DIGEST_CHARS - 1)

/** The room of the agents' notes beside a conversation. */
export const notesOf = (conversation: string): string => `n-${conversation}`

export const offerIdOf = (conversation: string, revision: number): string => `${conversation}.${revision}`

export const conversationOfOffer = (offer: string): string => offer.slice(0, offer.lastIndexOf('.'))

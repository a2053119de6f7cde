import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { VisitorBody } from '@switchboard/contracts/http'
import { MAX } from '@switchboard/contracts/limits'

type Verified = NonNullable<VisitorBody['verified']>

/** What a customer's own server signs: every field on a line of its own, also one that is not there. */
export const signedText = (desk: string, { user, name = '', email = '', at }: Omit<Verified, 'signature'>): string =>
  [desk, user, name, email, at].join('\n')

export const signatureOf = (secret: string, desk: string, verified: Omit<Verified, 'signature'>): string =>
  createHmac('sha256', secret).update(signedText(desk, verified)).digest('hex')

/** Whether the customer's own server has said so, and not long ago. Pure. */
export function isSigned(
  verified: Verified,
  by: { readonly secret: string; readonly desk: string; readonly nowMs: number },
): boolean {
  const right = Buffer.from(signatureOf(by.secret, by.desk, verified), 'hex')
  const given = Buffer.from(verified.signature, 'hex')
  const isRight = given.length === right.length && timingSafeEqual(given, right)
  return isRight && Math.abs(by.nowMs - verified.at) <= MAX.verifiedMs
}

const USER_CHARS = 32

/** Who that is here: the same person on every device, and nobody else's at another desk. */
export const verifiedUser = (desk: string, user: string): string =>
  `v-${createHash('sha256').update(`${desk}\n${user}`).digest('base64url').slice(0, USER_CHARS)}`

import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'
import { createSlots } from '@switchboard/runtime/slots'

const KEY_BYTES = 32
const SALT_BYTES = 16
const BLOCK = 8

function derive(password: string, salt: Buffer, costLog2: number): Promise<Buffer> {
  const options: ScryptOptions = { N: 2 ** costLog2, r: BLOCK, p: 1, maxmem: 2 ** costLog2 * BLOCK * 256 }
  return new Promise((resolve, reject) => {
    // The same password typed on two keyboards may be two strings.
    scrypt(password.normalize('NFKC'), salt, KEY_BYTES, options, (error, key) => (error ? reject(error) : resolve(key)))
  })
}

/** `scrypt$<log2 of the cost>$<salt>$<key>`, so that the cost can rise without breaking old passwords. */
export async function hashPassword(password: string, costLog2: number): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  const key = await derive(password, salt, costLog2)
  return ['scrypt', costLog2, salt.toString('base64url'), key.toString('base64url')].join('$')
}

/** Whether the password is the one; without a hash (no such account) it takes as long and says no. */
export async function checkPassword(password: string, hash: string | undefined, costLog2: number): Promise<boolean> {
  const [, cost = String(costLog2), salt = '', key = ''] = hash?.split('$') ?? []
  const expected = Buffer.from(key, 'base64url')
  const derived = await derive(password, Buffer.from(salt, 'base64url'), Number(cost))
  return expected.length === derived.length && timingSafeEqual(expected, derived)
}

/** Bounds how many run at once: each takes a thread and its memory. @returns undefined when too many wait. */
export function createGate(running: number, waitingMax: number) {
  const inTurn = createSlots(running)
  let inside = 0
  return async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    if (inside >= running + waitingMax) return undefined
    inside += 1
    try {
      return await inTurn(work)
    } finally {
      inside -= 1
    }
  }
}

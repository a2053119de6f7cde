import type { StorageHandlers } from '@switchboard/bus/ask'
import { refuse } from '@switchboard/contracts/errors'
import { exactly } from './mongo-connect.ts'
import { isDuplicateKey } from './mongo-errors.ts'
import { checkPassword, createGate, hashPassword } from './password.ts'
import type { Sources } from './room-view.ts'

type Handlers = Pick<StorageHandlers, 'account.create' | 'account.login'>

/** Password checks at once, and waiting: past it a log-in is refused for a moment instead of all of them being slow. */
const AT_ONCE = 2
const WAITING_MAX = 50
const BUSY_MS = 2_000

/** Accounts: scrypt, and the same work for a user who does not exist. */
export function accountQueries({ collections, nowMs }: Sources, { costLog2 }: { costLog2: number }): Handlers {
  const { users } = collections
  const gate = createGate(AT_ONCE, WAITING_MAX)
  const busy = () => refuse('too_many_requests', { after_ms: BUSY_MS })
  return {
    'account.create': async ({ user, password, name, roles }) => {
      const hash = await gate(() => hashPassword(password, costLog2))
      if (hash === undefined) return busy()
      const account = { hash, name: name ?? user, roles: roles ?? ['user'], created_at: nowMs() }
      try {
        // Somebody may be a member of rooms before they have an account; an account there is never written over.
        await users.updateOne(
          { _id: exactly(user), hash: { $exists: false } },
          { $set: account, $setOnInsert: { head: 0, at: 0, epoch: '', log_seq: 0 } },
          { upsert: true },
        )
        return { user }
      } catch (error) {
        if (isDuplicateKey(error)) return refuse('user_taken', { field: 'user' })
        throw error
      }
    },
    'account.login': async ({ user, password }) => {
      const account = await users.findOne({ _id: exactly(user) })
      const isRight = await gate(() => checkPassword(password, account?.hash, costLog2))
      if (isRight === undefined) return busy()
      if (!account || !isRight) return refuse('bad_credentials')
      return { user, name: account.name ?? user, roles: [...(account.roles ?? [])] }
    },
  }
}

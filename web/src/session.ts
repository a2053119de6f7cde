import { createAccount, login, SwitchboardError } from '@switchboard/client'
import { shallowRef } from 'vue'

/** Who is logged in in this tab. Kept per tab, so that two accounts can be tried side by side, and over a reload. */
export interface Session {
  readonly user: string
  readonly token: string
  /** Milliseconds since the epoch. */
  readonly expires_at: number
}

const KEY = 'switchboard.session'

function stored(): Session | null {
  try {
    const session = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as Session | null
    return session && session.expires_at > Date.now() ? session : null
  } catch {
    return null
  }
}

const session = shallowRef<Session | null>(stored())
const notice = shallowRef('')

function enter(next: Session | null): void {
  session.value = next
  if (next) sessionStorage.setItem(KEY, JSON.stringify(next))
  else sessionStorage.removeItem(KEY)
}

async function logIn(user: string, password: string): Promise<void> {
  const reply = await login(location.origin, user, password)
  notice.value = ''
  enter(reply)
}

async function createAndLogIn(user: string, password: string, name: string): Promise<void> {
  await createAccount(location.origin, { user, password, ...(name === '' ? {} : { name }) })
  await logIn(user, password)
}

function logOut(why = ''): void {
  notice.value = why
  enter(null)
}

/** `notice` says why one has to log in again; empty otherwise. */
export const useSession = () => ({ session, notice, logIn, createAndLogIn, logOut })

/** The token while it lasts; after that the connection ends and the log-in form returns. */
export function tokenOf({ token, expires_at }: Session): Promise<string> {
  if (expires_at > Date.now()) return Promise.resolve(token)
  const message = 'The session has ended.'
  return Promise.reject(new SwitchboardError({ code: 'token_expired', message, retry: false }))
}

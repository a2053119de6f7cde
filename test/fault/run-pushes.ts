import type { PushRecord } from '@switchboard/testkit/push-records'
import type { PushServers } from '@switchboard/testkit/push-servers'
import type { Phone } from './bots/bot-plan.ts'
import type { RunJournal } from './run-journal.ts'

const PROVIDERS = ['apns', 'fcm', 'webpush'] as const

/** Phones of every kind, in turn. */
export function phonesOf(push: PushServers, count: number): Phone[] {
  return Array.from({ length: count }, (_, i) => {
    const provider = PROVIDERS[i % PROVIDERS.length] ?? 'apns'
    const body = push.device[provider]()
    const target = 'token' in body.target ? body.target.token : body.target.endpoint
    return { device: `phone-${i + 1}`, body, target }
  })
}

/** What reached the phones, into the journal. @returns what is wrong with it. */
export function writePushes(push: PushServers, journal: RunJournal): string[] {
  const problems: string[] = []
  for (const provider of PROVIDERS) {
    const { received } = push[provider]
    if (received.count() > received.all.length) problems.push(`${provider} remembers only the last pushes`)
    for (const record of received.all) writePush(provider, record, journal)
  }
  return problems
}

function writePush(
  provider: (typeof PROVIDERS)[number],
  { atMs, status, shown }: PushRecord,
  journal: RunJournal,
): void {
  // What no phone showed told nobody anything.
  if (!shown) return
  const { target, room, seq } = shown
  if (room === undefined || seq === undefined) throw new Error(`a push of ${provider} names no message`)
  journal.write({ type: 'push', atMs, provider, target, room, seq, status, shown: true })
}

import type { PushServers } from '@switchboard/testkit/push-servers'
import { readServiceAccount, type ServiceAccount } from '../src/fcm-access.ts'
import type { Outcome, PushDevice, PushRequest, PushSender } from '../src/outcome.ts'
import { toApns } from '../src/to-apns.ts'
import { toFcm } from '../src/to-fcm.ts'
import { toWebpush } from '../src/to-webpush.ts'

type Overrides = {
  readonly now?: () => number
  readonly headersMsMax?: number
  readonly sandboxUrl?: string
  readonly ca?: readonly PushServers[]
  readonly hosts?: readonly string[]
  readonly vapid?: PushServers
  readonly account?: Partial<ServiceAccount>
}

/** The three senders, pointed at the stand-ins. */
export function makeSenders(servers: PushServers, overrides: Overrides = {}) {
  const { settings } = servers
  const every = {
    ca: (overrides.ca ?? [servers]).map((each) => each.settings.PUSH_CA),
    now: overrides.now ?? Date.now,
    random: () => 0.5,
    ...(overrides.headersMsMax === undefined ? {} : { headersMsMax: overrides.headersMsMax }),
  }
  const apns = toApns({
    ...every,
    url: settings.APNS_URL,
    ...(overrides.sandboxUrl === undefined ? {} : { sandboxUrl: overrides.sandboxUrl }),
    key: settings.APNS_KEY,
    keyId: settings.APNS_KEY_ID,
    teamId: settings.APNS_TEAM_ID,
    topic: settings.APNS_TOPIC,
  })
  const account = { ...readServiceAccount(settings.FCM_SERVICE_ACCOUNT), ...overrides.account }
  const fcm = toFcm({ ...every, url: settings.FCM_URL, account })
  const vapid = (overrides.vapid ?? servers).settings
  const webpush = toWebpush({
    ...every,
    publicKey: vapid.VAPID_PUBLIC_KEY,
    privateKey: vapid.VAPID_PRIVATE_KEY,
    subject: vapid.VAPID_SUBJECT,
    hosts: overrides.hosts ?? [settings.WEBPUSH_HOSTS],
  })
  return {
    apns,
    fcm,
    webpush,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([apns, fcm, webpush].map((sender) => sender[Symbol.asyncDispose]()))
    },
  }
}

/** A message for one device. */
export function makePush<Target extends PushDevice>(device: Target): PushRequest<Target> {
  return {
    event: 'lobby:7',
    room: 'lobby',
    seq: 7,
    device,
    title: 'alice',
    body: 'Hello 👋',
    badge: 3,
    expiresAt: Date.now() + 3600_000,
    attempt: 0,
  }
}

/** As the service does: again, while the push was provably not taken. A machine that is busy itself lets it wait too long. */
export async function sendUntilTaken<Device extends PushDevice>(
  sender: PushSender<Device>,
  push: PushRequest<Device>,
): Promise<Outcome> {
  for (;;) {
    const outcome = await sender.send(push)
    if (outcome.kind !== 'retry' || outcome.reason !== 'NOT_STARTED') return outcome
  }
}

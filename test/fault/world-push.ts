import { type PushServers, type PushServersOptions, startPushServers } from '@switchboard/testkit/push-servers'
import type { WorldLinks } from './world-links.ts'

export interface WorldPush {
  readonly servers: PushServers
  /** The settings of each notifier, in order. */
  readonly settings: readonly Readonly<Record<string, string>>[]
  [Symbol.asyncDispose](): Promise<void>
}

/** Push servers in this process, with links from each notifier to each of them. */
export async function startWorldPush(
  links: WorldLinks,
  notifiers: readonly string[],
  options: PushServersOptions = {},
): Promise<WorldPush> {
  const fcmOrigins: string[] = []
  let webpushOrigin: string | undefined
  await using started = new AsyncDisposableStack()
  const servers = started.use(
    await startPushServers({ ...options, fcmOrigins: () => fcmOrigins, webpushOrigin: () => webpushOrigin }),
  )
  // A browser's endpoint names one address for all who push to it.
  ;[webpushOrigin] = await links.to('notifiers → webpush', [servers.webpush.url])
  const settings: Record<string, string>[] = []
  for (const notifier of notifiers) {
    const [apns = ''] = await links.to(`${notifier} → apns`, [servers.apns.url])
    const [fcm = ''] = await links.to(`${notifier} → fcm`, [servers.fcm.url])
    fcmOrigins.push(fcm)
    settings.push({
      ...servers.settings,
      APNS_URL: apns,
      FCM_URL: fcm,
      FCM_SERVICE_ACCOUNT: servers.settings.FCM_SERVICE_ACCOUNT.replaceAll(servers.fcm.url, fcm),
      WEBPUSH_HOSTS: new URL(webpushOrigin ?? '').host,
    })
  }
  const all = started.move()
  return { servers, settings, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

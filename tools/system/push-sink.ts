import { startPushServers } from '@switchboard/testkit/push-servers'

const TARGET_CHARS = 8
const PROVIDER_SETTINGS = ['APNS_URL', 'APNS_KEY', 'FCM_SERVICE_ACCOUNT', 'FCM_URL', 'VAPID_PRIVATE_KEY']
const PASSED_ON = /^(APNS|FCM|VAPID|PUSH|WEBPUSH)_/

export interface PushProviders extends AsyncDisposable {
  /** For the notifier. */
  readonly env: Readonly<Record<string, string>>
  readonly choice: string
}

/** The providers that the environment names, or else stand-ins on this machine that print what a phone would have shown. */
export async function startPushProviders(
  env: NodeJS.ProcessEnv,
  print: (line: string) => void,
): Promise<PushProviders> {
  if (PROVIDER_SETTINGS.some((name) => env[name])) {
    const given = Object.entries(env).flatMap(([name, value]) => (PASSED_ON.test(name) && value ? [[name, value]] : []))
    return {
      env: Object.fromEntries(given),
      choice: 'push: the given providers',
      [Symbol.asyncDispose]: async () => {},
    }
  }
  const servers = await startPushServers({
    onPush: ({ provider, target, title, body }) => {
      print(`push → phone ${target.slice(-TARGET_CHARS)} (${provider}): ${title} — ${body}`)
    },
  })
  return {
    env: servers.settings,
    choice: 'push: local stand-ins for APNs, FCM and Web Push, which print what a phone would show',
    [Symbol.asyncDispose]: () => servers[Symbol.asyncDispose](),
  }
}

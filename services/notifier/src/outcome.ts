import type { DeviceBody } from '@switchboard/contracts/http'

/** What the notifier wants one device to show. Times are milliseconds since the epoch. */
export type PushRequest<Target extends PushDevice = PushDevice> = {
  /** Identity of the event, `<room>:<seq>`. With the device's id it names the push at every retry. */
  readonly event: string
  readonly room: string
  readonly seq: number
  readonly device: Target
  readonly title: string
  readonly body: string
  /** Unread count for the app's icon. */
  readonly badge?: number
  /** After this the provider need not deliver any more. */
  readonly expiresAt: number
  /** 0 at the first try; decides the length of the back-off. */
  readonly attempt: number
}

/** A registered device: what the API took, with its id. */
export type PushDevice = DeviceBody & { readonly id: string }
export type ApnsDevice = Extract<PushDevice, { provider: 'apns' }>
export type FcmDevice = Extract<PushDevice, { provider: 'fcm' }>
export type WebpushDevice = Extract<PushDevice, { provider: 'webpush' }>

/** What became of one attempt. The caller acts on the kind alone; `reason` is for metrics and the trace. */
export type Outcome =
  | { readonly kind: 'accepted'; readonly providerId?: string }
  | {
      readonly kind: 'retry'
      readonly afterMs: number
      /** True when the provider provably did not take the push: sending again cannot show it twice. */
      readonly safe: boolean
      readonly reason: string
      /** Who has to wait: this push alone, all pushes to this device, or all pushes to this provider. */
      readonly scope: 'push' | 'device' | 'provider'
    }
  /** Our bug or a payload nobody takes: a dead letter. */
  | { readonly kind: 'drop'; readonly reason: string }
  /** The app is gone. With a time: only when the device was registered before it (a re-install may have won). */
  | { readonly kind: 'forget-device'; readonly reason: string; readonly ifRegisteredBeforeMs?: number }
  /** The target is wrong but the device may register again: keep it, with the reason, and send nothing more. */
  | { readonly kind: 'disable-device'; readonly reason: string }
  /** Our key, not this push, is refused: opens the circuit; the push stays queued. */
  | { readonly kind: 'credential'; readonly reason: string }

/**
 * Something that a sender can do about an answer. `mint-token`, `refresh-access`, `shrink` and `other-environment` are
 * followed by one more try at once; `hold-token` and `new-connection` only change what later tries use.
 */
export type Remedy = 'mint-token' | 'hold-token' | 'refresh-access' | 'shrink' | 'other-environment' | 'new-connection'

/** `outcome` stands when there is no remedy, when it was already tried, or when it is not available. */
export type Verdict = { readonly outcome: Outcome; readonly remedy?: Remedy }

/** What a table needs to know about the attempt itself. `random` is in [0, 1). */
export type Attempt = { readonly attempt: number; readonly random: number; readonly startedAtMs: number }

/** One way to reach a provider. */
export type PushSender<Target extends PushDevice = PushDevice> = {
  readonly send: (push: PushRequest<Target>) => Promise<Outcome>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

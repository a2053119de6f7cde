/** What the host page knows and the frame does not. */
export interface Setting {
  readonly desk: string
  /** The newest token of this visitor, as the host page kept it. */
  readonly identity?: string
  readonly name?: string
  /** CSS colour of buttons and own messages. */
  readonly color?: string
  readonly theme: 'auto' | 'light' | 'dark'
  readonly greeting?: string
  /** Where the visitor is: for agents alone. */
  readonly context: Readonly<Record<string, string>>
}

/** From the host page to the frame. */
export type ToFrame =
  | { readonly switchboard: 'begin'; readonly setting: Setting }
  | { readonly switchboard: 'shown'; readonly shown: boolean }
  | { readonly switchboard: 'moved'; readonly context: Setting['context'] }

/** From the frame to the host page. */
export type ToHost =
  | { readonly switchboard: 'ready' }
  | { readonly switchboard: 'identity'; readonly identity: string }
  /** Whether a conversation goes on: then the frame is loaded with the next page as well. */
  | { readonly switchboard: 'state'; readonly active: boolean; readonly unread: number }
  | { readonly switchboard: 'close' }

export const isMessage = <M extends ToFrame | ToHost>(data: unknown): data is M =>
  typeof data === 'object' && data !== null && 'switchboard' in data

/** One way of spoiling the traffic of a link; the bytes that pass keep their order. */
export type Toxic =
  /**
   * Bytes are swallowed, connections stay: a dead machine or a firewall. `up` is from the one who connected. A connection that
   * lost bytes is reset when this ends, because TCP never delivers what comes after a hole.
   */
  | { readonly kind: 'blackhole'; readonly direction: Direction }
  /** Bytes are held and delivered when this ends: a partition that heals before TCP gives up. */
  | { readonly kind: 'stall'; readonly direction: Direction }
  | { readonly kind: 'latency'; readonly ms: number; readonly jitterMs: number }
  /** For each connection and direction. */
  | { readonly kind: 'bandwidth'; readonly bytesPerSecond: number }
  /** Every write arrives in pieces of at most this many bytes. */
  | { readonly kind: 'slices'; readonly bytes: number }
  /** New connections are refused, as when nothing listens. */
  | { readonly kind: 'refuse' }

export type Direction = 'both' | 'up' | 'down'

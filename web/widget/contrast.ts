/** `#rgb`, `#rrggbb` or `rgb(r, g, b)`, as a browser computes a colour; null for anything else. */
export function channelsOf(color: string): [number, number, number] | null {
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(color)
  if (short) return [hex(`${short[1]}${short[1]}`), hex(`${short[2]}${short[2]}`), hex(`${short[3]}${short[3]}`)]
  const long = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(color)
  if (long) return [hex(long[1]), hex(long[2]), hex(long[3])]
  const computed = /^rgba?\((\d+)[ ,]+(\d+)[ ,]+(\d+)/.exec(color)
  return computed ? [Number(computed[1]), Number(computed[2]), Number(computed[3])] : null
}

const hex = (digits: string | undefined): number => Number.parseInt(digits ?? '0', 16)

/** Relative luminance as WCAG 2 defines it. */
export function luminance([r, g, b]: readonly [number, number, number]): number {
  const [x, y, z] = [r, g, b].map((channel) => {
    const part = channel / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * x + 0.7152 * y + 0.0722 * z
}

export const contrast = (a: number, b: number): number => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)

const DARK = '#10131a'

/** The ink that is easier to read on a colour, whichever colour a site has chosen. */
export function inkOn(color: string): string {
  const channels = channelsOf(color)
  if (!channels) return '#ffffff'
  const ground = luminance(channels)
  const dark = luminance(channelsOf(DARK) ?? [0, 0, 0])
  return contrast(ground, 1) >= contrast(ground, dark) ? '#ffffff' : DARK
}

/** A Markdown table. Cells may hold anything but line breaks. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n')
}

export const code = (text: string): string => `\`${text}\``

const END = '<!-- /generated -->'

/** Puts each block between its markers, which must be there, once; text that a person wrote stays as it is. */
export function fill(path: string, text: string, blocks: Readonly<Record<string, string>>): string {
  const used = new Set<string>()
  const filled = text.replaceAll(
    /<!-- generated: ([a-z-]+) -->\n[\s\S]*?<!-- \/generated -->/g,
    (_whole, name: string) => {
      const block = blocks[name]
      if (block === undefined) throw new Error(`${path}: nothing generates the block "${name}"`)
      used.add(name)
      return `<!-- generated: ${name} -->\n\n${block}\n\n${END}`
    },
  )
  for (const name of Object.keys(blocks)) {
    if (!used.has(name)) throw new Error(`${path}: there is no place for the block "${name}"`)
  }
  return filled
}

/** `8000`, `8 s`, `256 KiB` as people say them. */
export function amount(value: number, unit: string): string {
  if (unit === 'milliseconds' && value % 86_400_000 === 0) return `${value / 86_400_000} days`
  if (unit === 'milliseconds' && value % 1_000 === 0) return `${value / 1_000} seconds`
  if (unit === 'bytes' && value % 1_024 === 0) return `${value / 1_024} KiB`
  return `${value.toLocaleString('en-US')} ${unit}`
}

const WARN = 40
const MESSAGE_CHARS_MAX = 400
const NAMES: Readonly<Record<number, string>> = { 40: 'warning', 50: 'error', 60: 'fatal' }
const ROUTINE = new Set(['level', 'time', 'pid', 'hostname', 'name', 'msg', 'stack'])

/** A service's line as the terminal shows it, or undefined for what only belongs into the log file. */
export function readable(service: string, line: string): string | undefined {
  const record = asRecord(line)
  if (!record) return line.trim() === '' ? undefined : `${service}: ${cut(line)}`
  const level = Number(record.level)
  if (!(level >= WARN)) return undefined
  const details = Object.entries(record).filter(([key]) => !ROUTINE.has(key))
  const text = details.map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
  return cut(`${service} ${NAMES[level] ?? 'error'}: ${[String(record.msg ?? ''), ...text].join(' ')}`)
}

function asRecord(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch {
    return undefined
  }
}

function cut(text: string): string {
  return text.length <= MESSAGE_CHARS_MAX ? text : `${text.slice(0, MESSAGE_CHARS_MAX)}…`
}

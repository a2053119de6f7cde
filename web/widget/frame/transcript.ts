import type { TimelineItem } from '@switchboard/client'

const momentFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })

/** The messages as text, one paragraph each. */
export const transcriptOf = (items: readonly TimelineItem[], nameOf: (user: string) => string): string =>
  items
    .filter((item) => item.kind === 'message' && !item.deleted)
    .map((item) =>
      item.kind === 'message' ? `[${momentFormat.format(item.at)}] ${nameOf(item.from)}\n${item.text}\n` : '',
    )
    .join('\n')

/** Gives the visitor a file with what was said. */
export function saveTranscript(items: readonly TimelineItem[], nameOf: (user: string) => string): void {
  const file = new Blob([transcriptOf(items, nameOf)], { type: 'text/plain;charset=utf-8' })
  const link = document.createElement('a')
  link.href = URL.createObjectURL(file)
  link.download = 'conversation.txt'
  link.click()
  URL.revokeObjectURL(link.href)
}

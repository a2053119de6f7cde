import type { DeskInfo, VisitStatus } from '@switchboard/client'

/** One question before the conversation begins, as the desk asks it. */
export interface Question {
  readonly field: string
  readonly label: string
  readonly kind: 'text' | 'email' | 'choice'
  readonly required?: boolean
  readonly options?: readonly string[]
}

export const questionsOf = (info: DeskInfo | null): readonly Question[] =>
  (info as { pre_chat?: readonly Question[] } | null)?.pre_chat ?? []

/** What the frame shows: `form` asks first, `ended` asks how it was. In all others one writes. */
export type Screen = 'connecting' | 'form' | 'start' | 'talking' | 'ended'

export interface Known {
  readonly isReady: boolean
  readonly info: DeskInfo | null
  readonly status: VisitStatus
  readonly hasRoom: boolean
  /** The questions were answered in this page. */
  readonly isAnswered: boolean
}

export function screenOf({ isReady, info, status, hasRoom, isAnswered }: Known): Screen {
  if (status?.state === 'closed') return 'ended'
  if (hasRoom) return 'talking'
  if (!isReady || info === null) return 'connecting'
  return questionsOf(info).length > 0 && !isAnswered ? 'form' : 'start'
}

/** Whether the host page should load the frame with its next page, too. */
export const isActive = (status: VisitStatus): boolean =>
  status !== null && status.state !== 'closed' && status.state !== 'moved'

import type { DeskInfo, VisitStatus } from '@switchboard/client'

const HALF_MINUTE = 30
const MINUTE = 60

/** An estimate as people say it; never more exact than it is. */
export function waitText(seconds: number | undefined): string {
  if (seconds === undefined) return ''
  if (seconds < HALF_MINUTE) return 'in a moment'
  const minutes = Math.max(1, Math.round(seconds / MINUTE))
  if (minutes > 90) return 'later today'
  return minutes === 1 ? 'in about a minute' : `in about ${minutes} minutes`
}

/** Whether somebody is there who could answer. */
export const isStaffed = (info: DeskInfo | null): boolean => info === null || (info.open && info.online > 0)

const timeFormat = new Intl.DateTimeFormat(undefined, { weekday: 'short', hour: '2-digit', minute: '2-digit' })

/** Under the title, before anything was written. */
export function deskText(info: DeskInfo | null): string {
  if (info === null) return ''
  if (isStaffed(info)) return info.waiting === 0 ? 'Usually answers in minutes' : queueLength(info.waiting)
  if (info.open) return 'Away just now'
  return info.opens_at === null ? 'We are closed' : `We are back ${timeFormat.format(info.opens_at)}`
}

const queueLength = (waiting: number): string =>
  waiting === 1 ? '1 person is waiting' : `${waiting} people are waiting`

/** What somebody who waits is told; empty for all others. */
export function waitingText(status: VisitStatus, info: DeskInfo | null): string {
  if (status === null || (status.state !== 'queued' && status.state !== 'offered')) return ''
  if (status.open === false || !isStaffed(info))
    return 'Nobody is here just now. We have your message and will answer here.'
  const { position, wait_seconds } = status
  if (position === undefined) return 'We are looking for somebody for you…'
  const place = position === 1 ? 'You are next' : `You are number ${position} in the queue`
  const wait = waitText(wait_seconds)
  return wait === '' ? `${place}.` : `${place}: it is your turn ${wait}.`
}

/** Who is responsible since an event of the room, and what was responsible before. */
export interface Responsible {
  readonly agent: string | null
  readonly bot: boolean
  /** A program was, somewhere before. */
  readonly wasBot: boolean
}

/** Under the name of who answers. */
export const agentText = (desk: string, isBot: boolean): string => (isBot ? `${desk} · bot` : desk)

/** Of an event of the room, what a visitor is told in between the messages; empty for most. */
export function noticeText(type: string, { agent, bot, wasBot }: Responsible): string {
  switch (type) {
    case 'conversation.assigned':
      if (agent === null) return ''
      if (bot) return `You are talking with ${agent}, a bot`
      return wasBot ? `${agent} is here now, in person` : `You are talking with ${agent}`
    case 'conversation.transferred':
      return 'You are being handed on to a colleague'
    case 'conversation.closed':
      return 'The conversation has ended'
    default:
      return ''
  }
}

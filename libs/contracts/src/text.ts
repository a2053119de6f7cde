import Type from 'typebox'
import { MAX } from './limits.ts'

/** A lone surrogate is no UTF-8 and NUL ends strings in too many phones: neither is text. */
const isText = (value: unknown): boolean =>
  typeof value === 'string' && value.isWellFormed() && !value.includes('\u0000')

const text = (min: number, max: number, description: string) =>
  Type.Refine(
    Type.String({ minLength: min, maxLength: max, description }),
    isText,
    () => 'must be well-formed text without NUL',
  )

export const MessageText = Type.Refine(
  text(1, MAX.textChars, `The message: 1 to ${MAX.textChars} characters, not only white space`),
  (value) => typeof value === 'string' && value.trim() !== '',
  () => 'must not be empty',
)
export const Title = text(1, MAX.titleChars, 'Title of a room')
export const Name = text(1, MAX.nameChars, 'Name that others see')
export const Emoji = text(1, MAX.emojiChars, 'One emoji')
export const SearchText = text(1, MAX.searchChars, 'Words to look for')
export const Comment = text(1, MAX.noteChars, 'A few sentences')
export const Field = text(0, MAX.deskFieldChars, 'One line of a form')

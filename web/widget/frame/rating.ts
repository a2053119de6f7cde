import { element, icon } from './element.ts'

const SCORES = ['Bad', 'Poor', 'Fair', 'Good', 'Excellent']

/** How it was, in stars and words, once the conversation has ended. */
export function ratingForm(rate: (score: number, comment: string) => Promise<void>): HTMLFormElement {
  const stars = SCORES.map((word, index) => {
    const input = element('input', { type: 'radio', name: 'score', value: String(index + 1), required: true })
    return element('label', { title: word }, input, icon('star'), element('span', { className: 'unseen' }, word))
  })
  const words = element('textarea', {
    className: 'field',
    rows: 2,
    maxLength: 2_000,
    placeholder: 'Anything that we should know? (optional)',
    'aria-label': 'Comment',
  })
  const send = element('button', { type: 'submit', className: 'button' }, 'Send rating')
  const more = element('div', { className: 'more', hidden: true }, words, send)
  const form = element(
    'form',
    { className: 'rating' },
    element('fieldset', {}, element('legend', {}, 'How was it?'), element('div', { className: 'stars' }, ...stars)),
    more,
  )
  form.addEventListener('change', () => {
    more.hidden = false
    const score = Number(new FormData(form).get('score') ?? 0)
    for (const [index, star] of stars.entries()) star.classList.toggle('lit', index < score)
  })
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    send.disabled = true
    rate(Number(new FormData(form).get('score')), words.value.trim()).then(
      () => form.replaceChildren(element('p', { role: 'status' }, 'Thank you!')),
      () => {
        send.disabled = false
      },
    )
  })
  return form
}

import { element } from './element.ts'
import type { Question } from './screen.ts'

/** What the desk wants to know before. */
export function questionForm(
  questions: readonly Question[],
  answered: (form: Record<string, string>) => void,
): HTMLFormElement {
  const form = element(
    'form',
    { className: 'before' },
    ...questions.map((question) => element('label', {}, element('span', {}, labelOf(question)), fieldOf(question))),
    element('button', { type: 'submit', className: 'button' }, 'Start the conversation'),
  )
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const values = [...new FormData(form)].map(([name, value]) => [name, String(value).trim()] as const)
    answered(Object.fromEntries(values.filter(([, value]) => value !== '')))
  })
  return form
}

const labelOf = ({ label, required }: Question): string => (required ? label : `${label} (optional)`)

function fieldOf({ field: name, kind, required = false, options = [] }: Question): HTMLElement {
  const common = { name, required, className: 'field' }
  if (kind === 'choice') {
    const choices = options.map((option) => element('option', {}, option))
    return element('select', common, element('option', { value: '' }, 'Choose…'), ...choices)
  }
  const complete = kind === 'email' ? 'email' : name === 'name' ? 'name' : 'on'
  return element('input', { ...common, type: kind, maxLength: 500, autocomplete: complete })
}

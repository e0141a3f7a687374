// What an edit's report says, in sentences.

export function sentences({report, notes}) {
  const said = [];
  const successes = Object.values(report.successes);
  if (report.true_before) said.push('It was so before.');
  else if (successes.length) said.push(successes.every(Boolean) ? 'The face has what you asked for.' : 'The face does not quite have what you asked for.');
  const others = Object.keys(report.side_effects).map(name => name.replaceAll('_', ' '));
  if (others.length) said.push(`Also changed: ${others.join(', ')}.`);
  said.push(`Likeness to the face before: ${Math.round(100 * Math.max(0, report.identity))} %.`);
  return [...said, ...notes].join(' ');
}

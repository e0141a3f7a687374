// What an edit's report says, in sentences.

export function sentences({report, notes}) {
  const lines = [];
  const successes = Object.values(report.successes);
  if (report.true_before) lines.push('The face already had what you asked for.');
  else if (successes.length) lines.push(successes.every(Boolean) ? 'The face has what you asked for.' : 'The face does not quite have what you asked for.');
  const others = Object.keys(report.side_effects).map(name => name.replaceAll('_', ' '));
  if (others.length) lines.push(`Also changed: ${others.join(', ')}.`);
  lines.push(`Similarity to the face before: ${Math.round(100 * Math.max(0, report.identity))} %.`);
  return [...lines, ...notes].join(' ');
}

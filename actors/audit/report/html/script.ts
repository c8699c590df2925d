/**
 * The page's only script: it reveals the filter above the findings and hides the rows that do not match. The page is
 * complete without it. A constant text without any data in it, so that the policy can allow it by its hash.
 */
export const filterScript = `
(() => {
  const form = document.getElementById('filter');
  const shown = document.getElementById('shown');
  const rows = Array.from(document.querySelectorAll('#findings-table tbody tr'), (row) => ({
    row,
    severity: row.dataset.severity,
    rule: row.dataset.rule,
    state: row.dataset.state,
    text: row.textContent.toLowerCase(),
  }));
  if (!form || !shown || rows.length === 0) return;
  const number = new Intl.NumberFormat('en-US');
  const apply = () => {
    const wanted = new FormData(form);
    const severities = new Set(wanted.getAll('severity'));
    const rule = wanted.get('rule');
    const fresh = wanted.get('fresh') !== null;
    const words = String(wanted.get('text')).toLowerCase().split(/\\s+/).filter(Boolean);
    let count = 0;
    for (const each of rows) {
      const match = severities.has(each.severity) && (rule === '' || rule === each.rule) &&
        (!fresh || each.state === 'new') && words.every((word) => each.text.includes(word));
      each.row.hidden = !match;
      if (match) count += 1;
    }
    shown.textContent = 'Showing ' + number.format(count) + ' of ' + number.format(rows.length);
  };
  form.addEventListener('input', apply);
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('reset', () => setTimeout(apply));
  form.hidden = false;
  apply();
})();
`;

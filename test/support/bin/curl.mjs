#!/usr/bin/env node
// Stands in for curl where the machine has none, for the options that the README uses: -sS, -H HEADER, -d BODY, URL.
const headers = {};
let body;
let url = '';
const words = process.argv.slice(2);
while (words.length > 0) {
  const word = words.shift();
  if (word === '-sS') continue;
  if (word === '-H') {
    const [name, ...value] = words.shift().split(':');
    headers[name] = value.join(':').trim();
  } else if (word === '-d') body = words.shift();
  else url = word;
}
const response = await fetch(url, { method: body === undefined ? 'GET' : 'POST', headers, body });
process.stdout.write(await response.text());

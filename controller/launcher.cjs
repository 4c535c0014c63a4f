#!/usr/bin/env node
'use strict';

// Plain CommonJS without modern syntax, so that an older Node can still say which Node is needed.
var LEAST_MAJOR = 24;

if (Number(process.versions.node.split('.')[0]) < LEAST_MAJOR) {
  console.error('error: kamal-autoscaler needs Node ' + LEAST_MAJOR + ' or newer, this is Node ' + process.versions.node + ' (' + process.execPath + ')');
  console.error('mend: install Node ' + LEAST_MAJOR + ' from https://nodejs.org and put it first on PATH');
  process.exitCode = 1;
} else {
  void import('./main.js');
}

export default {
  extends: ['@commitlint/config-conventional'],
  // A subject may be as wide as a line of code here; a body may carry a link or a command of any length.
  rules: { 'header-max-length': [2, 'always', 110], 'body-max-line-length': [0] },
};

@rem `exec` in package.json hands Ctrl-C and the exit code straight to Node; Windows does so anyway.
@%*

"""POST /f/{form}: a request becomes an entry list, and the answer says what is stored."""
